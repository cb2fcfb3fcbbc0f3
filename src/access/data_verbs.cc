#include "access/data_verbs.h"

#include "access/delete.h"
#include "access/insert.h"
#include "access/query.h"
#include "access/search.h"
#include "access/upsert.h"

namespace elanus::access {

void RegisterDataVerbs(Proxy& proxy, Dispatch& dispatch) {
  RegisterInsert(proxy, dispatch);
  RegisterUpsert(proxy, dispatch);
  RegisterDelete(proxy, dispatch);
  RegisterSearch(proxy, dispatch);
  RegisterQuery(proxy, dispatch);
}

}  // namespace elanus::access
