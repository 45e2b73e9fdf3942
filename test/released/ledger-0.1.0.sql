-- The rows of a ledger as version 0.1.0 left them, and those of the orders it watched: "pg_dump --data-only
-- --disable-triggers" of a ledger in USD with seven customers, of whom 5 and 6 trade in EUR and 7 in JPY, and an
-- eighth who never did; documents of all four kinds, allocations and reversals, limits, holds, rules, decisions.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET SESSION AUTHORIZATION DEFAULT;
ALTER TABLE ar.customer DISABLE TRIGGER ALL;
COPY ar.customer (customer_id, name, number, created_at) FROM stdin;
1	Customer 1	C-1	2026-11-22 02:13:52.094343+00
2	Customer 2	C-2	2026-11-22 02:13:52.094343+00
3	Customer 3	C-3	2026-11-22 02:13:52.094343+00
4	Customer 4	C-4	2026-11-22 02:13:52.094343+00
5	Customer 5	C-5	2026-11-22 02:13:52.094343+00
6	Customer 6	C-6	2026-11-22 02:13:52.094343+00
7	Customer 7	C-7	2026-11-22 02:13:52.094343+00
8	Customer 8	C-8	2026-11-22 02:13:52.094343+00
\.
ALTER TABLE ar.customer ENABLE TRIGGER ALL;
ALTER TABLE ar.document DISABLE TRIGGER ALL;
COPY ar.document (customer_id, document_id, kind, number, doc_date, posting_date, due_date, currency, amount, reference, recorded_at, recorded_by) FROM stdin;
2	1	invoice	I-1	2025-01-06	2025-01-06	2025-02-05	USD	101.10	\N	2026-11-22 02:13:52.100381+00	postgres
3	2	invoice	I-2	2025-01-11	2025-01-11	2025-02-10	USD	102.10	\N	2026-11-22 02:13:52.100381+00	postgres
4	3	invoice	I-3	2025-01-16	2025-01-16	2025-02-15	USD	103.10	\N	2026-11-22 02:13:52.100381+00	postgres
5	4	invoice	I-4	2025-01-21	2025-01-21	2025-02-20	EUR	104.10	order 4	2026-11-22 02:13:52.100381+00	postgres
6	5	invoice	I-5	2025-01-26	2025-01-26	2025-02-25	EUR	105.10	\N	2026-11-22 02:13:52.100381+00	postgres
7	6	debit_note	I-6	2025-01-31	2025-01-31	2025-03-02	JPY	1006	\N	2026-11-22 02:13:52.100381+00	postgres
1	7	invoice	I-7	2025-02-05	2025-02-05	2025-03-07	USD	107.10	\N	2026-11-22 02:13:52.100381+00	postgres
2	8	invoice	I-8	2025-02-10	2025-02-10	2025-03-12	USD	108.10	order 8	2026-11-22 02:13:52.100381+00	postgres
3	9	invoice	I-9	2025-02-15	2025-02-15	2025-03-17	USD	109.10	\N	2026-11-22 02:13:52.100381+00	postgres
4	10	invoice	I-10	2025-02-20	2025-02-20	2025-03-22	USD	110.10	\N	2026-11-22 02:13:52.100381+00	postgres
5	11	invoice	I-11	2025-02-25	2025-02-25	2025-03-27	EUR	111.10	\N	2026-11-22 02:13:52.100381+00	postgres
6	12	debit_note	I-12	2025-03-02	2025-03-02	2025-04-01	EUR	112.10	order 12	2026-11-22 02:13:52.100381+00	postgres
7	13	invoice	I-13	2025-03-07	2025-03-07	2025-04-06	JPY	1013	\N	2026-11-22 02:13:52.100381+00	postgres
1	14	invoice	I-14	2025-03-12	2025-03-12	2025-04-11	USD	114.10	\N	2026-11-22 02:13:52.100381+00	postgres
2	15	invoice	I-15	2025-03-17	2025-03-17	2025-04-16	USD	115.10	\N	2026-11-22 02:13:52.100381+00	postgres
3	16	invoice	I-16	2025-03-22	2025-03-22	2025-04-21	USD	116.10	order 16	2026-11-22 02:13:52.100381+00	postgres
4	17	invoice	I-17	2025-03-27	2025-03-27	2025-04-26	USD	117.10	\N	2026-11-22 02:13:52.100381+00	postgres
5	18	debit_note	I-18	2025-04-01	2025-04-01	2025-05-01	EUR	118.10	\N	2026-11-22 02:13:52.100381+00	postgres
6	19	invoice	I-19	2025-04-06	2025-04-06	2025-05-06	EUR	119.10	\N	2026-11-22 02:13:52.100381+00	postgres
7	20	invoice	I-20	2025-04-11	2025-04-11	2025-05-11	JPY	1020	order 20	2026-11-22 02:13:52.100381+00	postgres
1	21	invoice	I-21	2025-04-16	2025-04-16	2025-05-16	USD	121.10	\N	2026-11-22 02:13:52.100381+00	postgres
2	22	invoice	I-22	2025-04-21	2025-04-21	2025-05-21	USD	122.10	\N	2026-11-22 02:13:52.100381+00	postgres
3	23	invoice	I-23	2025-04-26	2025-04-26	2025-05-26	USD	123.10	\N	2026-11-22 02:13:52.100381+00	postgres
4	24	debit_note	I-24	2025-05-01	2025-05-01	2025-05-31	USD	124.10	order 24	2026-11-22 02:13:52.100381+00	postgres
5	25	invoice	I-25	2025-05-06	2025-05-06	2025-06-05	EUR	125.10	\N	2026-11-22 02:13:52.100381+00	postgres
6	26	invoice	I-26	2025-05-11	2025-05-11	2025-06-10	EUR	126.10	\N	2026-11-22 02:13:52.100381+00	postgres
7	27	invoice	I-27	2025-05-16	2025-05-16	2025-06-15	JPY	1027	\N	2026-11-22 02:13:52.100381+00	postgres
1	28	invoice	I-28	2025-05-21	2025-05-21	2025-06-20	USD	128.10	order 28	2026-11-22 02:13:52.100381+00	postgres
2	29	invoice	I-29	2025-05-26	2025-05-26	2025-06-25	USD	129.10	\N	2026-11-22 02:13:52.100381+00	postgres
3	30	debit_note	I-30	2025-05-31	2025-05-31	2025-06-30	USD	130.10	\N	2026-11-22 02:13:52.100381+00	postgres
4	31	invoice	I-31	2025-06-05	2025-06-05	2025-07-05	USD	131.10	\N	2026-11-22 02:13:52.100381+00	postgres
5	32	invoice	I-32	2025-06-10	2025-06-10	2025-07-10	EUR	132.10	order 32	2026-11-22 02:13:52.100381+00	postgres
6	33	invoice	I-33	2025-06-15	2025-06-15	2025-07-15	EUR	133.10	\N	2026-11-22 02:13:52.100381+00	postgres
7	34	invoice	I-34	2025-06-20	2025-06-20	2025-07-20	JPY	1034	\N	2026-11-22 02:13:52.100381+00	postgres
1	35	invoice	I-35	2025-06-25	2025-06-25	2025-07-25	USD	135.10	\N	2026-11-22 02:13:52.100381+00	postgres
2	36	debit_note	I-36	2025-06-30	2025-06-30	2025-07-30	USD	136.10	order 36	2026-11-22 02:13:52.100381+00	postgres
3	37	invoice	I-37	2025-07-05	2025-07-05	2025-08-04	USD	137.10	\N	2026-11-22 02:13:52.100381+00	postgres
4	38	invoice	I-38	2025-07-10	2025-07-10	2025-08-09	USD	138.10	\N	2026-11-22 02:13:52.100381+00	postgres
5	39	invoice	I-39	2025-07-15	2025-07-15	2025-08-14	EUR	139.10	\N	2026-11-22 02:13:52.100381+00	postgres
6	40	invoice	I-40	2025-07-20	2025-07-20	2025-08-19	EUR	140.10	order 40	2026-11-22 02:13:52.100381+00	postgres
2	41	payment	P-1	2025-03-10	2025-03-12	\N	USD	76.25	\N	2026-11-22 02:13:52.10734+00	postgres
3	42	payment	P-2	2025-03-19	2025-03-21	\N	USD	77.25	\N	2026-11-22 02:13:52.10734+00	postgres
4	43	payment	P-3	2025-03-28	2025-03-30	\N	USD	78.25	\N	2026-11-22 02:13:52.10734+00	postgres
5	44	payment	P-4	2025-04-06	2025-04-08	\N	EUR	79.25	\N	2026-11-22 02:13:52.10734+00	postgres
6	45	credit_note	P-5	2025-04-15	2025-04-17	\N	EUR	80.25	\N	2026-11-22 02:13:52.10734+00	postgres
7	46	payment	P-6	2025-04-24	2025-04-26	\N	JPY	806	\N	2026-11-22 02:13:52.10734+00	postgres
1	47	payment	P-7	2025-05-03	2025-05-05	\N	USD	82.25	\N	2026-11-22 02:13:52.10734+00	postgres
2	48	payment	P-8	2025-05-12	2025-05-14	\N	USD	83.25	\N	2026-11-22 02:13:52.10734+00	postgres
3	49	payment	P-9	2025-05-21	2025-05-23	\N	USD	84.25	\N	2026-11-22 02:13:52.10734+00	postgres
4	50	credit_note	P-10	2025-05-30	2025-06-01	\N	USD	85.25	\N	2026-11-22 02:13:52.10734+00	postgres
5	51	payment	P-11	2025-06-08	2025-06-10	\N	EUR	86.25	\N	2026-11-22 02:13:52.10734+00	postgres
6	52	payment	P-12	2025-06-17	2025-06-19	\N	EUR	87.25	\N	2026-11-22 02:13:52.10734+00	postgres
7	53	payment	P-13	2025-06-26	2025-06-28	\N	JPY	813	\N	2026-11-22 02:13:52.10734+00	postgres
1	54	payment	P-14	2025-07-05	2025-07-07	\N	USD	89.25	\N	2026-11-22 02:13:52.10734+00	postgres
2	55	credit_note	P-15	2025-07-14	2025-07-16	\N	USD	90.25	\N	2026-11-22 02:13:52.10734+00	postgres
3	56	payment	P-16	2025-07-23	2025-07-25	\N	USD	91.25	\N	2026-11-22 02:13:52.10734+00	postgres
4	57	payment	P-17	2025-08-01	2025-08-03	\N	USD	92.25	\N	2026-11-22 02:13:52.10734+00	postgres
5	58	payment	P-18	2025-08-10	2025-08-12	\N	EUR	93.25	\N	2026-11-22 02:13:52.10734+00	postgres
6	59	payment	P-19	2025-08-19	2025-08-21	\N	EUR	94.25	\N	2026-11-22 02:13:52.10734+00	postgres
7	60	credit_note	P-20	2025-08-28	2025-08-30	\N	JPY	820	\N	2026-11-22 02:13:52.10734+00	postgres
1	61	payment	P-21	2025-09-06	2025-09-08	\N	USD	96.25	\N	2026-11-22 02:13:52.10734+00	postgres
2	62	payment	P-22	2025-09-15	2025-09-17	\N	USD	97.25	\N	2026-11-22 02:13:52.10734+00	postgres
3	63	payment	P-23	2025-09-24	2025-09-26	\N	USD	98.25	\N	2026-11-22 02:13:52.10734+00	postgres
4	64	payment	P-24	2025-10-03	2025-10-05	\N	USD	99.25	\N	2026-11-22 02:13:52.10734+00	postgres
5	65	credit_note	P-25	2025-10-12	2025-10-14	\N	EUR	100.25	\N	2026-11-22 02:13:52.10734+00	postgres
\.
ALTER TABLE ar.document ENABLE TRIGGER ALL;
ALTER TABLE ar.item DISABLE TRIGGER ALL;
COPY ar.item (customer_id, item_id, document_id, instalment_no, currency, amount, open_amount, doc_date, posting_date, due_date, last_applied_on, reversed_on) FROM stdin;
6	19	19	1	EUR	119.10	119.10	2025-04-06	2025-04-06	2025-05-06	\N	\N
7	20	20	1	JPY	1020	1020	2025-04-11	2025-04-11	2025-05-11	\N	\N
2	22	22	1	USD	122.10	122.10	2025-04-21	2025-04-21	2025-05-21	\N	\N
4	24	24	1	USD	124.10	124.10	2025-05-01	2025-05-01	2025-05-31	\N	\N
5	25	25	1	EUR	125.10	125.10	2025-05-06	2025-05-06	2025-06-05	\N	\N
6	26	26	1	EUR	126.10	126.10	2025-05-11	2025-05-11	2025-06-10	\N	\N
7	27	27	1	JPY	1027	1027	2025-05-16	2025-05-16	2025-06-15	\N	\N
1	28	28	1	USD	128.10	128.10	2025-05-21	2025-05-21	2025-06-20	\N	\N
2	29	29	1	USD	129.10	129.10	2025-05-26	2025-05-26	2025-06-25	\N	\N
3	30	30	1	USD	130.10	130.10	2025-05-31	2025-05-31	2025-06-30	\N	\N
4	31	31	1	USD	131.10	131.10	2025-06-05	2025-06-05	2025-07-05	\N	\N
5	32	32	1	EUR	132.10	132.10	2025-06-10	2025-06-10	2025-07-10	\N	\N
6	33	33	1	EUR	133.10	133.10	2025-06-15	2025-06-15	2025-07-15	\N	\N
7	34	34	1	JPY	1034	1034	2025-06-20	2025-06-20	2025-07-20	\N	\N
1	35	35	1	USD	135.10	135.10	2025-06-25	2025-06-25	2025-07-25	\N	\N
2	36	36	1	USD	136.10	136.10	2025-06-30	2025-06-30	2025-07-30	\N	\N
3	37	37	1	USD	137.10	137.10	2025-07-05	2025-07-05	2025-08-04	\N	\N
4	38	38	1	USD	138.10	138.10	2025-07-10	2025-07-10	2025-08-09	\N	\N
5	39	39	1	EUR	139.10	139.10	2025-07-15	2025-07-15	2025-08-14	\N	\N
6	40	40	1	EUR	140.10	140.10	2025-07-20	2025-07-20	2025-08-19	\N	\N
6	45	45	1	EUR	-80.25	-80.25	2025-04-15	2025-04-17	\N	\N	\N
4	50	50	1	USD	-85.25	-85.25	2025-05-30	2025-06-01	\N	\N	\N
2	55	55	1	USD	-90.25	-90.25	2025-07-14	2025-07-16	\N	\N	\N
7	60	60	1	JPY	-820	-820	2025-08-28	2025-08-30	\N	\N	\N
5	65	65	1	EUR	-100.25	-100.25	2025-10-12	2025-10-14	\N	\N	\N
1	47	47	1	USD	-82.25	0.00	2025-05-03	2025-05-05	\N	2025-10-15	\N
1	7	7	1	USD	107.10	0.00	2025-02-05	2025-02-05	2025-03-07	2025-10-15	\N
1	54	54	1	USD	-89.25	0.00	2025-07-05	2025-07-07	\N	2025-10-15	\N
1	14	14	1	USD	114.10	0.00	2025-03-12	2025-03-12	2025-04-11	2025-10-15	\N
1	21	21	1	USD	121.10	74.55	2025-04-16	2025-04-16	2025-05-16	2025-10-15	\N
1	61	61	1	USD	-96.25	0.00	2025-09-06	2025-09-08	\N	2025-10-15	\N
2	48	48	1	USD	-83.25	0.00	2025-05-12	2025-05-14	\N	2025-10-15	\N
2	15	15	1	USD	115.10	67.55	2025-03-17	2025-03-17	2025-04-16	2025-10-15	\N
2	62	62	1	USD	-97.25	0.00	2025-09-15	2025-09-17	\N	2025-10-15	\N
2	8	8	1	USD	108.10	0.00	2025-02-10	2025-02-10	2025-03-12	2025-10-15	\N
3	42	42	1	USD	-77.25	0.00	2025-03-19	2025-03-21	\N	2025-10-15	\N
2	41	41	1	USD	-76.25	-76.25	2025-03-10	2025-03-12	\N	2025-11-03	2025-11-03
2	1	1	1	USD	101.10	76.25	2025-01-06	2025-01-06	2025-02-05	2025-11-03	2025-11-03
3	56	56	1	USD	-91.25	0.00	2025-07-23	2025-07-25	\N	2025-10-15	\N
3	9	9	1	USD	109.10	0.00	2025-02-15	2025-02-15	2025-03-17	2025-10-15	\N
3	23	23	1	USD	123.10	99.40	2025-04-26	2025-04-26	2025-05-26	2025-10-15	\N
3	63	63	1	USD	-98.25	0.00	2025-09-24	2025-09-26	\N	2025-10-15	\N
3	16	16	1	USD	116.10	0.00	2025-03-22	2025-03-22	2025-04-21	2025-10-15	\N
4	57	57	1	USD	-92.25	0.00	2025-08-01	2025-08-03	\N	2025-10-15	\N
4	17	17	1	USD	117.10	60.55	2025-03-27	2025-03-27	2025-04-26	2025-10-15	\N
4	64	64	1	USD	-99.25	0.00	2025-10-03	2025-10-05	\N	2025-10-15	\N
4	10	10	1	USD	110.10	0.00	2025-02-20	2025-02-20	2025-03-22	2025-10-15	\N
5	44	44	1	EUR	-79.25	0.00	2025-04-06	2025-04-08	\N	2025-10-15	\N
5	18	18	1	EUR	118.10	74.55	2025-04-01	2025-04-01	2025-05-01	2025-10-15	\N
5	58	58	1	EUR	-93.25	0.00	2025-08-10	2025-08-12	\N	2025-10-15	\N
5	11	11	1	EUR	111.10	0.00	2025-02-25	2025-02-25	2025-03-27	2025-10-15	\N
6	52	52	1	EUR	-87.25	0.00	2025-06-17	2025-06-19	\N	2025-10-15	\N
6	5	5	1	EUR	105.10	0.00	2025-01-26	2025-01-26	2025-02-25	2025-10-15	\N
7	46	46	1	JPY	-806	0	2025-04-24	2025-04-26	\N	2025-10-15	\N
7	13	13	1	JPY	1013	400	2025-03-07	2025-03-07	2025-04-06	2025-10-15	\N
7	53	53	1	JPY	-813	0	2025-06-26	2025-06-28	\N	2025-10-15	\N
7	6	6	1	JPY	1006	0	2025-01-31	2025-01-31	2025-03-02	2025-10-15	\N
3	49	49	1	USD	-84.25	-24.85	2025-05-21	2025-05-23	\N	2025-11-03	2025-11-03
3	2	2	1	USD	102.10	24.85	2025-01-11	2025-01-11	2025-02-10	2025-11-03	2025-11-03
4	43	43	1	USD	-78.25	-78.25	2025-03-28	2025-03-30	\N	2025-11-03	2025-11-03
4	3	3	1	USD	103.10	78.25	2025-01-16	2025-01-16	2025-02-15	2025-11-03	2025-11-03
5	51	51	1	EUR	-86.25	-24.85	2025-06-08	2025-06-10	\N	2025-11-03	2025-11-03
5	4	4	1	EUR	104.10	24.85	2025-01-21	2025-01-21	2025-02-20	2025-11-03	2025-11-03
6	12	12	1	EUR	112.10	112.10	2025-03-02	2025-03-02	2025-04-01	2025-11-03	2025-11-03
6	59	59	1	EUR	-94.25	-76.40	2025-08-19	2025-08-21	\N	2025-11-03	2025-11-03
\.
ALTER TABLE ar.item ENABLE TRIGGER ALL;
ALTER TABLE ar.allocation DISABLE TRIGGER ALL;
COPY ar.allocation (customer_id, allocation_id, credit_item_id, debit_item_id, amount, applied_on, reverses, currency, debit_due_date, debit_doc_date, debit_posting_date, credit_posting_date, recorded_at, recorded_by) FROM stdin;
1	1	47	7	82.25	2025-10-15	\N	USD	2025-03-07	2025-02-05	2025-02-05	2025-05-05	2026-11-22 02:13:52.116366+00	postgres
1	2	54	7	24.85	2025-10-15	\N	USD	2025-03-07	2025-02-05	2025-02-05	2025-07-07	2026-11-22 02:13:52.116366+00	postgres
1	3	54	14	64.40	2025-10-15	\N	USD	2025-04-11	2025-03-12	2025-03-12	2025-07-07	2026-11-22 02:13:52.116366+00	postgres
1	4	61	14	49.70	2025-10-15	\N	USD	2025-04-11	2025-03-12	2025-03-12	2025-09-08	2026-11-22 02:13:52.116366+00	postgres
1	5	61	21	46.55	2025-10-15	\N	USD	2025-05-16	2025-04-16	2025-04-16	2025-09-08	2026-11-22 02:13:52.116366+00	postgres
2	6	41	1	76.25	2025-10-15	\N	USD	2025-02-05	2025-01-06	2025-01-06	2025-03-12	2026-11-22 02:13:52.116366+00	postgres
2	7	48	1	24.85	2025-10-15	\N	USD	2025-02-05	2025-01-06	2025-01-06	2025-05-14	2026-11-22 02:13:52.116366+00	postgres
2	8	48	8	58.40	2025-10-15	\N	USD	2025-03-12	2025-02-10	2025-02-10	2025-05-14	2026-11-22 02:13:52.116366+00	postgres
2	9	62	8	49.70	2025-10-15	\N	USD	2025-03-12	2025-02-10	2025-02-10	2025-09-17	2026-11-22 02:13:52.116366+00	postgres
2	10	62	15	47.55	2025-10-15	\N	USD	2025-04-16	2025-03-17	2025-03-17	2025-09-17	2026-11-22 02:13:52.116366+00	postgres
3	11	42	2	77.25	2025-10-15	\N	USD	2025-02-10	2025-01-11	2025-01-11	2025-03-21	2026-11-22 02:13:52.116366+00	postgres
3	12	49	2	24.85	2025-10-15	\N	USD	2025-02-10	2025-01-11	2025-01-11	2025-05-23	2026-11-22 02:13:52.116366+00	postgres
3	13	49	9	59.40	2025-10-15	\N	USD	2025-03-17	2025-02-15	2025-02-15	2025-05-23	2026-11-22 02:13:52.116366+00	postgres
3	14	56	9	49.70	2025-10-15	\N	USD	2025-03-17	2025-02-15	2025-02-15	2025-07-25	2026-11-22 02:13:52.116366+00	postgres
3	15	56	16	41.55	2025-10-15	\N	USD	2025-04-21	2025-03-22	2025-03-22	2025-07-25	2026-11-22 02:13:52.116366+00	postgres
3	16	63	16	74.55	2025-10-15	\N	USD	2025-04-21	2025-03-22	2025-03-22	2025-09-26	2026-11-22 02:13:52.116366+00	postgres
3	17	63	23	23.70	2025-10-15	\N	USD	2025-05-26	2025-04-26	2025-04-26	2025-09-26	2026-11-22 02:13:52.116366+00	postgres
4	18	43	3	78.25	2025-10-15	\N	USD	2025-02-15	2025-01-16	2025-01-16	2025-03-30	2026-11-22 02:13:52.116366+00	postgres
4	19	57	3	24.85	2025-10-15	\N	USD	2025-02-15	2025-01-16	2025-01-16	2025-08-03	2026-11-22 02:13:52.116366+00	postgres
4	20	57	10	67.40	2025-10-15	\N	USD	2025-03-22	2025-02-20	2025-02-20	2025-08-03	2026-11-22 02:13:52.116366+00	postgres
4	21	64	10	42.70	2025-10-15	\N	USD	2025-03-22	2025-02-20	2025-02-20	2025-10-05	2026-11-22 02:13:52.116366+00	postgres
4	22	64	17	56.55	2025-10-15	\N	USD	2025-04-26	2025-03-27	2025-03-27	2025-10-05	2026-11-22 02:13:52.116366+00	postgres
5	23	44	4	79.25	2025-10-15	\N	EUR	2025-02-20	2025-01-21	2025-01-21	2025-04-08	2026-11-22 02:13:52.116366+00	postgres
5	24	51	4	24.85	2025-10-15	\N	EUR	2025-02-20	2025-01-21	2025-01-21	2025-06-10	2026-11-22 02:13:52.116366+00	postgres
5	25	51	11	61.40	2025-10-15	\N	EUR	2025-03-27	2025-02-25	2025-02-25	2025-06-10	2026-11-22 02:13:52.116366+00	postgres
5	26	58	11	49.70	2025-10-15	\N	EUR	2025-03-27	2025-02-25	2025-02-25	2025-08-12	2026-11-22 02:13:52.116366+00	postgres
5	27	58	18	43.55	2025-10-15	\N	EUR	2025-05-01	2025-04-01	2025-04-01	2025-08-12	2026-11-22 02:13:52.116366+00	postgres
6	28	52	5	87.25	2025-10-15	\N	EUR	2025-02-25	2025-01-26	2025-01-26	2025-06-19	2026-11-22 02:13:52.116366+00	postgres
6	29	59	5	17.85	2025-10-15	\N	EUR	2025-02-25	2025-01-26	2025-01-26	2025-08-21	2026-11-22 02:13:52.116366+00	postgres
6	30	59	12	76.40	2025-10-15	\N	EUR	2025-04-01	2025-03-02	2025-03-02	2025-08-21	2026-11-22 02:13:52.116366+00	postgres
7	31	46	6	806	2025-10-15	\N	JPY	2025-03-02	2025-01-31	2025-01-31	2025-04-26	2026-11-22 02:13:52.116366+00	postgres
7	32	53	6	200	2025-10-15	\N	JPY	2025-03-02	2025-01-31	2025-01-31	2025-06-28	2026-11-22 02:13:52.116366+00	postgres
7	33	53	13	613	2025-10-15	\N	JPY	2025-04-06	2025-03-07	2025-03-07	2025-06-28	2026-11-22 02:13:52.116366+00	postgres
2	34	41	1	-76.25	2025-11-03	6	USD	2025-02-05	2025-01-06	2025-01-06	2025-03-12	2026-11-22 02:13:52.160425+00	postgres
3	35	49	2	-24.85	2025-11-03	12	USD	2025-02-10	2025-01-11	2025-01-11	2025-05-23	2026-11-22 02:13:52.160425+00	postgres
4	36	43	3	-78.25	2025-11-03	18	USD	2025-02-15	2025-01-16	2025-01-16	2025-03-30	2026-11-22 02:13:52.160425+00	postgres
5	37	51	4	-24.85	2025-11-03	24	EUR	2025-02-20	2025-01-21	2025-01-21	2025-06-10	2026-11-22 02:13:52.160425+00	postgres
6	38	59	12	-76.40	2025-11-03	30	EUR	2025-04-01	2025-03-02	2025-03-02	2025-08-21	2026-11-22 02:13:52.160425+00	postgres
\.
ALTER TABLE ar.allocation ENABLE TRIGGER ALL;
ALTER TABLE ar.check_rule DISABLE TRIGGER ALL;
COPY ar.check_rule (rule_no, kind, threshold, action, customer_id, valid_from, valid_to) FROM stdin;
10	manual_hold	\N	hold	\N	-infinity	infinity
20	limit_missing	\N	hold	\N	-infinity	infinity
30	limit_use	110	hold	\N	-infinity	infinity
40	oldest_overdue	9000	warn	2	-infinity	infinity
\.
ALTER TABLE ar.check_rule ENABLE TRIGGER ALL;
ALTER TABLE ar.credit_limit DISABLE TRIGGER ALL;
COPY ar.credit_limit (customer_id, credit_limit_id, amount, currency, valid_from, valid_to, reason, set_at, set_by) FROM stdin;
1	1	2100.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
2	2	2200.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
3	3	2300.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
4	4	2400.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
5	5	2500.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
6	6	2600.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
7	7	2700.00	USD	2025-01-01	\N	opening	2026-11-22 02:13:52.168373+00	postgres
2	8	2500.00	USD	2025-06-01	2099-12-31	review	2026-11-22 02:13:52.18036+00	postgres
1	9	9000.00	USD	2099-01-01	\N	later	2026-11-22 02:13:52.18036+00	postgres
\.
ALTER TABLE ar.credit_limit ENABLE TRIGGER ALL;
ALTER TABLE ar.decision DISABLE TRIGGER ALL;
COPY ar.decision (customer_id, decision_id, outcome, source, order_id, amount, currency, receivable, unapplied, ordered, limit_amount, checks, decided_at, decided_for) FROM stdin;
1	1	approve	shop.orders	1	120.00	USD	337.75	0.00	0.00	2100.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 21.79, "outcome": "approve", "rule_no": 30, "threshold": 110}]	2026-11-22 02:13:52.200352+00	postgres
2	2	approve	shop.orders	2	130.00	USD	531.10	166.50	0.00	2500.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 19.78, "outcome": "approve", "rule_no": 30, "threshold": 110}, {"kind": "oldest_overdue", "figure": 655, "outcome": "approve", "rule_no": 40, "threshold": 9000}]	2026-11-22 02:13:52.200352+00	postgres
4	3	approve	shop.orders	3	50.55	USD	532.10	163.50	0.00	2400.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 17.46, "outcome": "approve", "rule_no": 30, "threshold": 110}]	2026-11-22 02:13:52.200352+00	postgres
1	4	approve	shop.web	1	60.00	USD	337.75	0.00	120.00	2100.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 24.65, "outcome": "approve", "rule_no": 30, "threshold": 110}]	2026-11-22 02:13:52.204368+00	postgres
2	5	hold	shop.web	2	100000.00	USD	531.10	166.50	130.00	2500.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 4019.78, "outcome": "hold", "rule_no": 30, "threshold": 110}, {"kind": "oldest_overdue", "figure": 655, "outcome": "approve", "rule_no": 40, "threshold": 9000}]	2026-11-22 02:13:52.204368+00	postgres
3	6	hold	shop.web	3	10.00	USD	391.45	24.85	0.00	2300.00	[{"kind": "manual_hold", "figure": 1, "outcome": "hold", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 16.37, "outcome": "approve", "rule_no": 30, "threshold": 110}]	2026-11-22 02:13:52.204368+00	postgres
2	7	approve	check_credit	\N	500.00	USD	531.10	166.50	130.00	2500.00	[{"kind": "manual_hold", "figure": 0, "outcome": "approve", "rule_no": 10, "threshold": null}, {"kind": "limit_missing", "figure": null, "outcome": "approve", "rule_no": 20, "threshold": null}, {"kind": "limit_use", "figure": 39.78, "outcome": "approve", "rule_no": 30, "threshold": 110}, {"kind": "oldest_overdue", "figure": 655, "outcome": "approve", "rule_no": 40, "threshold": 9000}]	2026-11-22 02:13:52.205414+00	postgres
\.
ALTER TABLE ar.decision ENABLE TRIGGER ALL;
ALTER TABLE ar.exposure DISABLE TRIGGER ALL;
COPY ar.exposure (customer_id, currency, receivable, unapplied, ordered, has_other_currency, open_holds, limit_amount, limit_since, limit_until) FROM stdin;
8	USD	0	0	0	f	0	\N	\N	\N
5	EUR	495.70	125.10	0	f	0	\N	\N	\N
6	EUR	630.50	156.65	0	f	0	\N	\N	\N
5	USD	0	0	0	t	0	2500.00	2026-11-22	infinity
6	USD	0	0	0	t	0	2600.00	2026-11-22	infinity
7	USD	0	0	0	t	0	2700.00	2026-11-22	infinity
4	USD	532.10	163.50	50.55	f	0	2400.00	2026-11-22	infinity
2	USD	531.10	166.50	130.00	f	0	2500.00	2026-11-22	2099-12-31
3	USD	391.45	24.85	0.00	f	1	2300.00	2026-11-22	infinity
1	USD	337.75	0.00	120.00	f	0	2100.00	2026-11-22	2098-12-31
7	JPY	3481	820	0	f	0	\N	\N	\N
\.
ALTER TABLE ar.exposure ENABLE TRIGGER ALL;
ALTER TABLE ar.hold DISABLE TRIGGER ALL;
COPY ar.hold (customer_id, hold_id, reason, placed_at, placed_by) FROM stdin;
3	1	disputes I-9	2026-11-22 02:13:52.184358+00	postgres
4	2	cheque bounced	2026-11-22 02:13:52.184358+00	postgres
\.
ALTER TABLE ar.hold ENABLE TRIGGER ALL;
ALTER TABLE ar.hold_release DISABLE TRIGGER ALL;
COPY ar.hold_release (customer_id, hold_id, reason, released_at, released_by) FROM stdin;
4	2	paid by wire	2026-11-22 02:13:52.188356+00	postgres
\.
ALTER TABLE ar.hold_release ENABLE TRIGGER ALL;
ALTER TABLE ar.ledger_info DISABLE TRIGGER ALL;
COPY ar.ledger_info (only_row, template_version, base_currency, aging_buckets, time_zone, created_at) FROM stdin;
t	1	USD	0,30,60	UTC	2026-11-22 02:13:51.644371+00
\.
ALTER TABLE ar.ledger_info ENABLE TRIGGER ALL;
ALTER TABLE ar.watched_table DISABLE TRIGGER ALL;
COPY ar.watched_table (table_schema, table_name, customer_column, amount_column, order_id_column, currency_column, open_when, mode, status_column, open_value, hold_value, record_decisions, registered_at, registered_by) FROM stdin;
shop	orders	customer_id	total	id	\N	true	reject	\N	\N	\N	t	2026-11-22 02:13:52.070718+00	postgres
shop	web	customer_id	total	id	\N	(status <> 'done'::text)	hold	status	open	held	t	2026-11-22 02:13:52.088377+00	postgres
\.
ALTER TABLE ar.watched_table ENABLE TRIGGER ALL;
ALTER TABLE shop.orders DISABLE TRIGGER ALL;
COPY shop.orders (id, customer_id, total) FROM stdin;
1	1	120
2	2	130
3	4	50.55
\.
ALTER TABLE shop.orders ENABLE TRIGGER ALL;
ALTER TABLE shop.web DISABLE TRIGGER ALL;
COPY shop.web (id, customer_id, total, status) FROM stdin;
2	2	100000	held
3	3	10	held
1	1	60	done
\.
ALTER TABLE shop.web ENABLE TRIGGER ALL;
SELECT pg_catalog.setval('ar.allocation_allocation_id_seq', 38, true);
SELECT pg_catalog.setval('ar.credit_limit_credit_limit_id_seq', 9, true);
SELECT pg_catalog.setval('ar.customer_customer_id_seq', 1, false);
SELECT pg_catalog.setval('ar.decision_decision_id_seq', 7, true);
SELECT pg_catalog.setval('ar.document_document_id_seq', 65, true);
SELECT pg_catalog.setval('ar.hold_hold_id_seq', 2, true);
SELECT pg_catalog.setval('ar.item_item_id_seq', 65, true);
